"""What several test folders share: the Pulumi CLI, kubectl, probes, control planes of processes."""
