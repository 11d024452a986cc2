"""contactledger: who reached out, who answered, who ignored it; believable to both sides."""
