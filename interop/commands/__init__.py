"""One module a command: declare(parser) says its options, main(options) does it and returns the exit code."""
