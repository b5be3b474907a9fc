"""List every installed package (CycloneDX SBOM) and ask whether any has a known weakness.

The list is made offline, the weaknesses are asked of the network; what was not looked up is no
clean bill (exit code 3).

    python scripts/audit.py --out sbom.json
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns 0 nothing known, 1 weaknesses, 2 failed, 3 not all looked up."""
    args = _parser().parse_args(argv)
    listing = ["-m", "cyclonedx_py", "environment", "--no-validate", "--output-file", str(args.out)]
    made = _run([*listing, sys.executable])
    if made.returncode:
        sys.stderr.write(f"audit.py: the list could not be written.\n{made.stderr[-2000:]}\n")
        return 2
    options = f"--progress-spinner off --skip-editable --timeout {args.timeout} -f json".split()
    asked = _run(["-m", "pip_audit", *options])
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except ValueError:
        print("Known weaknesses: not asked, the index cannot be reached from here.")
        return 3
    n_skipped = sum("skip_reason" in package for package in packages)
    found = [(p["name"], weak["id"]) for p in packages for weak in p.get("vulns", [])]
    print(f"{args.out}: looked up {len(packages) - n_skipped} of {len(packages)} packages.")
    listed = ", ".join(f"{name} {weakness}" for name, weakness in found)
    print(f"Known weaknesses among those looked up: {listed or 'none'}.")
    return 1 if found else 3 if n_skipped else 0


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("sbom.json"), help="default: sbom.json")
    parser.add_argument("--timeout", type=int, default=15, help="seconds per request (default: 15)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
