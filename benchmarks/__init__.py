"""What things cost, measured; each benchmark is a package with a command."""
