"""One message on the wire, what its answer means, and the only loop: claim, deliver, settle."""
