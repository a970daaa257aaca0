"""What an incident is: models and rules, with no AWS, no environment and no clock."""
