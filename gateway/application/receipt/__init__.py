"""Who got a piece and when: proofs of receipt, certificates of service, what carriers tell."""
