"""`metaflow.Deployer("my_flow.py").temporal()`: deployments and their runs as Python objects."""
