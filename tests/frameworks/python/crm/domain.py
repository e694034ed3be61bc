"""Leads and tickets as aggregates of the `eventsourcing` library, each event a decorated method."""

import os
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from eventsourcing.domain import Aggregate, BaseAggregate, CanInitAggregate, CanMutateAggregate, MetaDomainEvent, event

if os.environ.get("ORIGINATOR_ID_TYPE") == "text":

    class Root(BaseAggregate[str]):
        class Event(CanMutateAggregate[str], metaclass=MetaDomainEvent):
            originator_id: str
            originator_version: int
            timestamp: datetime

        class Created(CanInitAggregate[str], Event):
            originator_topic: str

        @staticmethod
        def create_id(key):
            return key

else:

    class Root(Aggregate):
        @staticmethod
        def create_id(key):
            return uuid5(NAMESPACE_URL, key)


class Lead(Root):
    @event("Initialized")
    def __init__(self, key: str, lead_id: str, name: str, phone: str | None):
        self.lead_id = lead_id
        self.name = name
        self.phone = phone
        self.status = "NEW_LEAD"
        self.contacts = 0
        self.followups = 0
        self.order = None

    @event("Contacted")
    def contacted(self, channel: str, note: str | None):
        self.contacts += 1

    @event("ContactRetracted")
    def contact_retracted(self):
        self.contacts -= 1

    @event("FollowupSet")
    def followup_set(self, followup_on: datetime):
        self.followups += 1
        self.followup_on = followup_on
        self.status = "FOLLOWUP_SET"

    @event("ContactDetailsUpdated")
    def contact_details_updated(self, name: str | None = None, phone: str | None = None):
        self.name = self.name if name is None else name
        self.phone = self.phone if phone is None else phone

    @event("OrderSubmitted")
    def order_submitted(self, payment_deadline: datetime, order: dict | None = None):
        self.order = order
        self.status = "PENDING_PAYMENT"

    @event("PaymentConfirmed")
    def payment_confirmed(self, status: str):
        self.status = "CONVERTED"

    @event("PaymentFailed")
    def payment_failed(self, reason: str):
        self.status = "PAYMENT_FAILED"

    @event("Closed")
    def closed(self, reason: str):
        self.status_before = self.status
        self.status = "CLOSED"

    @event("Reopened")
    def reopened(self):
        self.status = self.status_before


class Ticket(Root):
    @event("Initialized")
    def __init__(self, key: str, ticket_id: str, customer: str, subject: str, priority: str):
        self.ticket_id = ticket_id
        self.customer = customer
        self.subject = subject
        self.priority = priority
        self.agent = None
        self.status = "OPEN"
        self.escalated = False
        self.messages = []

    @event("AgentAssigned")
    def agent_assigned(self, agent: str):
        self.agent = agent

    @event("Viewed")
    def viewed(self, agent: str):
        pass

    @event("MessagePosted")
    def message_posted(self, role: str, author: str, body: str):
        self.messages = [*self.messages, {"role": role, "author": author, "body": body}]

    @event("PriorityChanged")
    def priority_changed(self, priority: str):
        self.priority = priority

    @event("Escalated")
    def escalated_by_customer(self, reason: str):
        self.escalated = True

    @event("Closed")
    def closed(self, by: str, reason: str):
        self.status = "CLOSED"

    @event("Reopened")
    def reopened(self, by: str):
        self.status = "OPEN"
