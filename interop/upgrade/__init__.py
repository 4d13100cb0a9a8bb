"""Environments before and after."""
