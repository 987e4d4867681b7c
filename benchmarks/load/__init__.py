"""Many uploads at once on the local stack: nothing may be lost, and nothing may run twice."""
