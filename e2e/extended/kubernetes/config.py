"""Never called."""
