"""F: fetch and save. The scenario across a border: the page, the row and the errors are those of one framework alone."""
