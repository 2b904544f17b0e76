"""The send loop: claim, deliver, settle; and what the API's list proves about messages in doubt."""
