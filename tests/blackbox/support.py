"""Both databases for every test that touches one."""

import os
import subprocess
import unittest
import uuid

from client import Server

POSTGRES = os.environ["KAGIYA_TEST_POSTGRES"]


def new_postgres():
    name = f"t{uuid.uuid4().hex}"
    subprocess.run(["psql", "-q", f"{POSTGRES}/postgres", "-c", f"CREATE DATABASE {name}"], check=True)
    return f"{POSTGRES}/{name}"


class OnBoth(unittest.TestCase):
    """Subclasses run once on SQLite and once on PostgreSQL."""

    database = None
    toml = ""
    flags = ()

    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Server(*self.flags, database=self.url, toml=self.toml)
        self.addCleanup(self.server.__exit__)


def on_both(cls):
    """Makes a class for each database in the module of `cls`."""
    import sys

    module = sys.modules[cls.__module__]
    for database in ("sqlite", "postgres"):
        name = f"{cls.__name__}On{database.capitalize()}"
        setattr(module, name, type(name, (cls,), {"database": database, "__module__": cls.__module__}))
    # The plain class has no database and must not run by itself.
    delattr(module, cls.__name__) if hasattr(module, cls.__name__) else None
    return None
