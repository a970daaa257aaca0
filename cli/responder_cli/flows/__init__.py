"""What left which machine, by VPC flow logs."""
