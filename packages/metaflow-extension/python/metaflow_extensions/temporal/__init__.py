"""Metaflow extension that runs flows on Temporal."""

#: Version of the protocol that PROTOCOL.md describes; Node refuses another.
PROTOCOL_VERSION = 1
