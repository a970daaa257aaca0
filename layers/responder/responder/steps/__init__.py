"""What each state of the workflow does, without Lambda around it."""
