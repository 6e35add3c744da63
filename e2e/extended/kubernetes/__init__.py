"""Metaflow only asks whether the Kubernetes client is there before it composes a command line. No pod is started in these tests."""
