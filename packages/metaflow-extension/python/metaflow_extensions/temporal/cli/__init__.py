"""`python my_flow.py temporal …`: one module per verb, named in `group.VERBS`."""
