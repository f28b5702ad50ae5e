"""Settings are in setup.cfg; here is only what a build has to check."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.errors import SetupError


class BuildPackages(build_py):
    """Refuses to build packages without their settings."""

    def run(self) -> None:
        """Build, unless `human_wm_cli/configs` was lost: some systems check links out as files."""
        configs = Path(__file__).parent / "human_wm_cli" / "configs"
        if not (self.editable_mode or (configs / "pretrain.yaml").is_file()):
            raise SetupError(
                f"expected {configs} to be a link to ../configs, received none. "
                "Check out with links (git config core.symlinks true), or copy configs there."
            )
        super().run()


setup(cmdclass={"build_py": BuildPackages})
