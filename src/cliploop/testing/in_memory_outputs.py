from __future__ import annotations

from dataclasses import dataclass, field

from cliploop.application.ports import Beat, EncodedImage, no_beat
from cliploop.application.ports_outputs import OutputAddress
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.output import StoredImage
from cliploop.domain.publication import Publication


@dataclass(frozen=True)
class KeptImage:
    """A published image: its bytes, and who stored them; nobody where cliploop did not."""

    content: bytes
    by: Publication | None


@dataclass
class InMemoryOutputs:
    """``Outputs`` in a dictionary by key."""

    images: dict[str, KeptImage] = field(default_factory=dict)
    bucket: str = "outputs"

    def locate(self, address: OutputAddress, image: EncodedImage) -> StoredImage:
        """See ``Outputs``."""
        facts = {name: value for name, value in vars(image).items() if name not in {"path", "cut_after", "seconds"}}
        return StoredImage(bucket=self.bucket, key=address.key, **facts)

    def publish(self, address: OutputAddress, image: EncodedImage, beat: Beat = no_beat) -> None:
        """See ``Outputs``."""
        beat()
        kept, mine = self.images.get(address.key), address.publication(image.md5)
        if kept is not None:
            if kept.by is None:
                raise CliploopError(ErrorCode.OUTPUT_NAME_TAKEN, "The output's key holds somebody else's object.")
            if not mine.replaces(kept.by):
                return
        self.images[address.key] = KeptImage(image.path.read_bytes(), mine)

    def withdraw(self, address: OutputAddress) -> None:
        """See ``Outputs``."""
        kept = self.images.get(address.key)
        if kept is not None and kept.by is not None and address.has_stored(kept.by):
            del self.images[address.key]
