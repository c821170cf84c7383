"""What the pages behind links show of themselves."""
