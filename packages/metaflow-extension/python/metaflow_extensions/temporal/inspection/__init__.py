"""What a deployment must know of a flow, read from Metaflow's own objects, never from source text."""
