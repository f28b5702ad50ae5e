"""Settings are in setup.cfg; here is what a build has to work out or check."""

import re
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.errors import SetupError

HERE = Path(__file__).parent
# Where the repository is published, with a slash at its end: links of the README lead there. While
# it is unknown, the description shows what links say without leading anywhere.
REPOSITORY = ""
_PICTURE = re.compile(r"!\[([^]]*)\]\((?!https?:|#)([^)]+)\)\n?")
_LINK = re.compile(r"(?<!!)\[([^]]+)\]\((?!https?:|#)([^)]+)\)")


def description(readme: str, repository: str = REPOSITORY) -> str:
    """Return the README with links that work away from the repository."""
    if not repository:
        return _LINK.sub(r"\1", _PICTURE.sub("", readme))
    pictures = _PICTURE.sub(rf"![\1]({repository}raw/HEAD/\2)\n", readme)
    return _LINK.sub(rf"[\1]({repository}blob/HEAD/\2)", pictures)


class BuildPackages(build_py):
    """Refuses to build packages without their settings."""

    def run(self) -> None:
        """Build, unless `human_wm_cli/configs` was lost: some systems check links out as files."""
        configs = HERE / "human_wm_cli" / "configs"
        if not (self.editable_mode or (configs / "pretrain.yaml").is_file()):
            raise SetupError(
                f"expected {configs} to be a link to ../configs, received none. "
                "Check out with links (git config core.symlinks true), or copy configs there."
            )
        super().run()


if __name__ == "__main__":
    setup(
        cmdclass={"build_py": BuildPackages},
        long_description=description((HERE / "README.md").read_text(encoding="utf-8")),
        long_description_content_type="text/markdown",
    )
