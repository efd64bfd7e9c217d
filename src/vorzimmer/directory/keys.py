"""The kinds that the house itself brings. Features bring theirs; ``features/catalogue.py`` lists them all.

This module must never name a feature.
"""

from vorzimmer.directory.model import Company, Contact, Department, Device, Phone, Site, User
from vorzimmer.directory.schema import Kind
from vorzimmer.directory.timetable import Schedule

COMPANY = Kind("company", "company", Company)
SITE = Kind("site", "sites", Site)
DEPARTMENT = Kind("department", "departments", Department, acts=False)
SCHEDULE = Kind("schedule", "schedules", Schedule)
USER = Kind("user", "users", User, dialable=True)
PHONE = Kind("phone", "phones", Phone, dialable=True)
DEVICE = Kind("device", "devices", Device)
CONTACT = Kind("contact", "contacts", Contact, acts=False)
