"""The ledger: every record from the producer to the lake, and every incident from the detector to the mailbox."""
