"""Both databases for every test that touches one."""

import contextlib
import glob
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import uuid

from client import Server, free_port

POSTGRES = os.environ["KAGIYA_TEST_POSTGRES"]

# Dozens of sign-ins at once with a dear hash are "busy" on a busy machine, which is a test of its own.
CHEAP = "[password]\nargon2_memory_kib = 4096\nargon2_passes = 1\n"


def new_postgres():
    name = f"t{uuid.uuid4().hex}"
    subprocess.run(["psql", "-q", f"{POSTGRES}/postgres", "-c", f"CREATE DATABASE {name}"], check=True)
    return f"{POSTGRES}/{name}"


def sql(server, url, text):
    """Runs a statement in a server's database; the first column of what comes back, as text."""
    if url:
        return subprocess.run(["psql", "-qAt", url, "-c", text], check=True, capture_output=True, text=True).stdout.split("\n")[:-1]
    with contextlib.closing(sqlite3.connect(os.path.join(server.data, "kagiya.db"), timeout=30)) as db, db:
        return [str(row[0]) for row in db.execute(text)]


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


class Cluster:
    """A PostgreSQL of one's own, to be stopped and started."""

    def __init__(self):
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.folder = tempfile.mkdtemp(prefix="kagiya-pg-")
        self.port = free_port()
        self.user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
        self.control("initdb", "-D", f"{self.folder}/d", "-U", "kagiya", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()

    def control(self, tool, *words):
        subprocess.run([*self.user, f"{self.bin}/{tool}", *words], check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, *settings):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        for setting in settings:
            options += f" -c {setting}"
        self.control("pg_ctl", "-D", f"{self.folder}/d", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, how="fast"):
        self.control("pg_ctl", "-D", f"{self.folder}/d", "-w", "-m", how, "stop")

    def freeze(self, on):
        """It neither answers nor hangs up."""
        with open(f"{self.folder}/d/postmaster.pid") as file:
            parent = int(file.readline())
        children = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True).stdout.split()
        for process in [parent, *map(int, children)]:
            os.kill(process, signal.SIGSTOP if on else signal.SIGCONT)

    def fail_over(self):
        """A standby that has everything takes the place of the primary, which is gone."""
        standby, port = f"{self.folder}/standby", free_port()
        self.control("pg_basebackup", "-h", "127.0.0.1", "-p", str(self.port), "-U", "kagiya", "-D", standby, "-R", "-c", "fast")
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self.control("pg_ctl", "-D", standby, "-w", "-l", f"{self.folder}/log2", "-o", f"-p {port} {options}", "start")
        behind = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()"
        for _ in range(200):
            if self.run("postgres", behind).strip() == "1":
                break
            time.sleep(0.1)
        self.stop("immediate")
        self.control("pg_ctl", "-D", standby, "-w", "stop")
        os.rename(f"{self.folder}/d", f"{self.folder}/gone")
        os.rename(standby, f"{self.folder}/d")
        yield
        self.start()
        self.control("pg_ctl", "-D", f"{self.folder}/d", "-w", "promote")

    def database(self):
        name = f"t{uuid.uuid4().hex}"
        self.run("postgres", f"CREATE DATABASE {name}")
        return f"postgres://kagiya@127.0.0.1:{self.port}/{name}"

    def run(self, database, sql):
        url = f"postgres://kagiya@127.0.0.1:{self.port}/{database}"
        return subprocess.run(["psql", "-qtA", url, "-c", sql], check=True, capture_output=True, text=True).stdout

    def close(self):
        try:
            self.stop("immediate")
        except subprocess.CalledProcessError:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)


class SmallDisk:
    """A file system of a few megabytes."""

    def __init__(self, size="24m"):
        self.path = tempfile.mkdtemp(prefix="kagiya-disk-")
        self.sudo = [] if os.getuid() == 0 else ["sudo"]
        subprocess.run([*self.sudo, "mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "none", self.path], check=True)

    def fill(self):
        with open(f"{self.path}/ballast", "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 65536):
                    pass
            except OSError:
                pass
            try:
                while file.write(b"\0"):
                    pass
            except OSError:
                pass

    def free(self):
        os.unlink(f"{self.path}/ballast")

    def close(self):
        subprocess.run([*self.sudo, "umount", "-l", self.path], check=False)
        os.rmdir(self.path)
