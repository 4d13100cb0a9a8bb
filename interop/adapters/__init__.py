"""One file a framework, and in it all that the kit knows about that framework. Nothing is imported before it is asked for."""
