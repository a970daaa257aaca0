"""`responder scope`: what some principals did, by the logs of CloudTrail in a folder."""
