# /// script
# dependencies = ["nbclient", "ipykernel", "scipy"]
# [tool.consumer]
# extras = "[plot]"
# ///
"""The notebook of `examples/`, executed: latents, clusters, 125 futures."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

FILE = Path(__file__).parents[2] / "examples" / "people_and_futures.ipynb"

if __name__ == "__main__":
    notebook = nbformat.read(FILE, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    pictures = [
        one
        for cell in notebook.cells
        for one in cell.get("outputs", [])
        if "image/png" in one.get("data", {})
    ]
    assert len(pictures) == 2
