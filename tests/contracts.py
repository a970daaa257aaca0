"""A contract of a shop with its insurer, as its own file would hold it."""

CONTRACT = """
jurisdiction: OWN-INSURER
kind: contract
name: Cyber insurance
time_zone: America/Chicago
holidays: US
citation: Policy 0000, section 7
effective_from: 2026-01-01
verified_on: 2026-11-23
confidence: high
basis: The contract was read by counsel.
encryption_safe_harbor: false
personal_information: {everything: true}
rules:
  - id: own-insurer-notice
    recipient: insurer
    recipient_name: insurer
    citation: Policy 0000, section 7.1
    due: [{within: 72, unit: hours, after: discovery}]
"""
