"""The same jobs in every framework, side by side; see scenarios.fetch_and_save."""
