"""What became of messages after they were accepted, and who opted out: observations, kept beside the ledger.

Nothing here moves a message. Rows hold keyed hashes, no number and no text.
"""
