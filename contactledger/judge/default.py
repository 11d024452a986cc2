"""The policy that is adopted as entry 1 of a log unless another is given."""

from __future__ import annotations

DEFAULT_POLICY = """\
# The contact policy of this account. It binds every party in the same way.
# "days", "hours" and "minutes" of an answer are business time of the party that is asked.
rules = 1

# Silence is held against somebody only on evidence of at least this grade.
evidence_needed = "likely"
# An entry written down later than this after the event counts as its writer's claim.
backfill_limit = "7 days"
# The clock of an answer starts at the touch, or at its delivery if that came later than this.
delivery_grace = "1 hour"
# May still be sent to somebody who opted out of everything.
owed = ["outage"]
# After an answer that asks something back.
next_answer = "2 days"

[calendar]
name = "office-hours"
week = ["mon-fri 09:00-17:00"]
holidays = []

# What a touch wants back, unless it says so itself.
[wanted]
ticket = "reply"
letter = "reply"
phone = "response"
chat = "response"
meeting = "response"
visit = "response"
email = "seen"
sms = "seen"
notice = "seen"

[[window]]
wanted = ["response", "reply"]
channels = ["phone", "chat", "ticket"]
within = "1 day"

[[window]]
wanted = ["response", "reply"]
channels = ["email", "letter"]
within = "3 days"

[[window]]
wanted = ["response", "reply"]
purposes = ["outage"]
within = "4 hours"

[[window]]
wanted = ["seen"]
within = "7 days"

# When it may ring, in the receiver's own time.
[[hours]]
channels = ["phone", "sms", "chat", "visit"]
open = ["08:00-20:00"]

# How often one person may be contacted, over all channels and campaigns together.
[[cap]]
touches = 8
days = 30
per = "person"
not_counted = ["outage"]

# What whoever is owed an answer must try before silence is final.
[[ladder]]
step = "second_channel"
after = "3 days"

[[ladder]]
step = "second_person"
after = "5 days"

[[ladder]]
step = "level_higher"
after = "10 days"
"""
