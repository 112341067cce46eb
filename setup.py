"""What pyproject.toml can't say: an editable installation, too, brings the data files (templates for nbconvert)."""

from setuptools import Distribution, setup


class WithData(Distribution):
    """setuptools asks for `has_data` before it installs data files in editable mode; distutils calls it `has_data_files`."""

    def has_data(self) -> bool:
        """Whether there are data files."""
        return bool(self.has_data_files())


setup(distclass=WithData)
