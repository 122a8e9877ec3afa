"""Stands in for docker, ctr and minikube: a folder of files is its store, and words in a file make it fail.

Run under the name of the program it stands in for. STAND_IN_STORE is the folder:
  images/    an image of the engine a file, JSON as `docker image inspect` gives it
  nodes/     an image of a node a file
  calls      a line a call
  fails      what it says on stderr instead of doing the call whose first words stand before a tab
"""

import json
import os
import sys
from pathlib import Path

STORE = Path(os.environ["STAND_IN_STORE"])


def say(words: str) -> None:
    sys.stdout.write(words + "\n")


def file_of(kind: str, reference: str) -> Path:
    folder = STORE / kind
    folder.mkdir(exist_ok=True)
    return folder / reference.removeprefix("docker.io/").replace("/", "_")


def digest_of(content: bytes) -> str:
    import hashlib  # here and below: most calls need none of it, and have to start quickly

    return hashlib.sha256(content).hexdigest()


def build(arguments: list[str]) -> None:
    context = sys.stdin.buffer.read()
    options = [argument.partition("=")[::2] for argument in arguments if argument.startswith("--")]
    labels = dict(value.split("=", 1) for name, value in options if name == "--label")
    say("Step 1/2 : FROM scratch\n ---> 123\nStep 2/2 : COPY mlp mlp")
    for reference in [value for name, value in options if name == "--tag"]:
        document = {"Id": f"sha256:{digest_of(context)}", "Size": 5, "Created": "now", "Config": {"Labels": labels}}
        file_of("images", reference).write_text(json.dumps(document))


def inspect(reference: str) -> None:
    file = file_of("images", reference)
    if not file.exists():
        sys.exit(f"Error: No such image: {reference}")
    say(f"[{file.read_text()}]")


def save(references: list[str]) -> None:
    import io
    import tarfile

    manifest = []
    for reference in references:
        document = json.loads(file_of("images", reference).read_text())
        manifest.append(
            {
                "Config": document["Id"].removeprefix("sha256:") + ".json",
                "RepoTags": [reference.removeprefix("docker.io/")],
            }
        )
    body = json.dumps(manifest).encode()
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(body)
        archive.addfile(member, io.BytesIO(body))


def take_archive() -> None:
    import io
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())) as archive:
        for image in json.load(archive.extractfile("manifest.json")):
            for tag in image["RepoTags"]:
                file_of("nodes", tag).write_text("sha256:" + image["Config"].removesuffix(".json"))


def ctr(words: list[str]) -> None:
    match words:
        case ["images", "ls", selector]:
            reference = selector.partition("==")[2]
            file = file_of("nodes", reference)
            say("REF TYPE DIGEST SIZE PLATFORMS LABELS")
            if file.exists():
                manifest = digest_of(file.read_bytes())
                say(f"{reference} application/vnd.docker.distribution.manifest.v2+json sha256:{manifest} 5 B linux -")
        case ["content", "get", digest]:
            for file in (STORE / "nodes").iterdir():
                if digest == "sha256:" + digest_of(file.read_bytes()):
                    say(json.dumps({"config": {"digest": file.read_text()}}))
        case ["images", "import", "-"]:
            take_archive()


def minikube(words: list[str]) -> None:
    match words:
        case ["image", "ls", "--format", "json"]:
            nodes = STORE / "nodes"
            files = list(nodes.iterdir()) if nodes.exists() else []
            tags = {file: "docker.io/" + file.name.replace("_", "/", 1) for file in files}
            found = [{"id": file.read_text().removeprefix("sha256:"), "repoTags": [tags[file]]} for file in files]
            say(json.dumps(found))
        case ["image", "load", "-"]:
            take_archive()


def docker(words: list[str]) -> None:
    match words:
        case ["image", "inspect", reference]:
            inspect(reference)
        case ["build", *arguments]:
            build(arguments)
        case ["save", *references]:
            save(references)
        case ["tag", reference, alias]:
            file_of("images", alias).write_text(file_of("images", reference).read_text())
        case ["exec", "-i", _node, "ctr", "-n", "k8s.io", *rest]:
            ctr(rest)


def main() -> None:
    program, words = Path(sys.argv[0]).name, sys.argv[1:]
    call = " ".join([program, *words])
    with (STORE / "calls").open("a") as calls:
        calls.write(call + "\n")
    fails = STORE / "fails"
    for line in fails.read_text().splitlines() if fails.exists() else ():
        beginning, _, said = line.partition("\t")
        if call.startswith(beginning):
            sys.exit(said)
    ignored = STORE / "ignored"
    if ignored.exists() and call.startswith(ignored.read_text()):
        return
    match program:
        case "docker" | "podman":
            docker(words)
        case "ctr":
            ctr(words[4:])  # -a ADDRESS -n k8s.io
        case "minikube":
            minikube(words[2:])  # --profile NAME


main()
