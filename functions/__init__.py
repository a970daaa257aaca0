"""One Lambda function each, nothing but wiring."""
