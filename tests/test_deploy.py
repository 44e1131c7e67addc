"""The samples of docs/deploy, checked by the programs that read them, where those are installed."""

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from tests.conftest import NOW, ON_SQLITE, PATIENCE_SECONDS, Filling, plain_settings

from sophia.config import Settings
from sophia.demo.certificates import make_certificate
from sophia.demo.server import running_server
from sophia.main import create_app

SAMPLES = Path(__file__).parents[1] / "docs" / "deploy"
UNIT, NGINX = SAMPLES / "sophia.service", SAMPLES / "nginx.conf"


def test_the_unit_names_what_there_is() -> None:
    """K9: settings that exist, the command, and a restart after an error."""
    unit = UNIT.read_text(encoding="utf-8")
    names = re.findall(r"^Environment=SOPHIA_([A-Z_]+)=", unit, re.MULTILINE)
    assert names
    assert {name.lower() for name in names} <= set(Settings.model_fields)
    assert re.search(r"^ExecStart=/\S+/sophia serve$", unit, re.MULTILINE)
    assert re.search(r"^Restart=on-failure$", unit, re.MULTILINE)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd reads its own units")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    """K9: no unknown word, no value that it would ignore."""
    command = Path(sys.executable).with_name("sophia")
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/opt/sophia/.venv/bin/sophia", str(command))
    unit.write_text(text, encoding="utf-8")
    verify = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(text.replace("Restart=on-failure", "Restart=perhaps"), encoding="utf-8")
    done = subprocess.run(verify, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert "perhaps" in done.stderr, "it reads what it is given"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def with_prefix(sample: str) -> str:
    """The sample with the location of a prefix in the place of the whole host, as its comment says."""
    head, _, rest = sample.partition("    location / {")
    after = rest[rest.index("    # Under a path") :]
    return head + re.sub(r"^    # (?=location|    \w|\})", "    ", after, flags=re.MULTILINE)


@contextlib.contextmanager
def running_nginx(sample: str, backend: str, folder: Path) -> Iterator[str]:
    """Nginx with the sample in front of a server; yields the address."""
    certificate, key = make_certificate(folder, "self-signed")
    port, plain = free_port(), free_port()
    for old, new in (
        ("listen [::]:443 ssl;", ""),
        ("listen [::]:80;", ""),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("/etc/ssl/sophia/fullchain.pem", str(certificate)),
        ("/etc/ssl/sophia/privkey.pem", str(key)),
        ("http://127.0.0.1:8000", backend),
    ):
        assert old in sample
        sample = sample.replace(old, new)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"pid {folder}/pid; error_log {folder}/error.log; daemon off; master_process off;\n"
        f"events {{}}\nhttp {{ access_log off; {paths}\n{sample}\n}}\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(main), "-e", str(folder / "error.log")])
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
        assert process.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


@ON_SQLITE
@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx reads its own files")
@pytest.mark.parametrize("prefix", ["", "/sophia"])
def test_requests_go_through_nginx(filling: Filling, tmp_path: Path, prefix: str) -> None:
    """J11, K9: pages follow each other by their links, the docs page finds its parts, and plain HTTP is refused."""
    account = filling.account(filling.client("Hats"))
    runs = [filling.run(account) for _ in range(3)]
    app = create_app(plain_settings(path_prefix=prefix), filling.database, clock=lambda: NOW)
    sample = NGINX.read_text(encoding="utf-8")
    sample = with_prefix(sample) if prefix else sample
    with running_server(app) as backend, running_nginx(sample, backend, tmp_path) as address:
        trusted = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
        headers = {"Authorization": f"Bearer {filling.key()}"}
        with httpx.Client(verify=trusted, headers=headers, trust_env=False) as http:
            url, seen = f"{address}{prefix}/api/analytics/runs?limit=1", []
            while url:
                answer = http.get(url)
                assert answer.status_code == 200, answer.text
                seen += [run["id"] for run in answer.json()]
                following = answer.links.get("next", {}).get("url")
                url = urljoin(url, following) if following else ""
            assert seen == runs[::-1]
            docs = f"{address}{prefix}/docs"
            for part in re.findall(r'(?:src|href)="([^"]*)"', http.get(docs).text):
                assert http.get(urljoin(docs, part)).status_code == 200
            assert http.get(urljoin(docs, "openapi.json")).status_code == 200
            assert "Strict-Transport-Security" in answer.headers
