"""A journal's files in memory, which can be full and can be torn by a crash at any byte. Never for production."""


class MemorySegments:
    """store.journal.Segments over byte arrays; keep the object across a simulated restart."""

    def __init__(self) -> None:
        self.files: list[bytearray] = [bytearray()]
        self.full = False
        """True makes every append fail as a full disk does."""

    def crash(self, lost: int = 0) -> "MemorySegments":
        """What the next run finds, if the last `lost` bytes never reached the file."""
        after = MemorySegments()
        kept = [bytearray(data) for data in self.files]
        del kept[-1][max(len(kept[-1]) - lost, 0) :]
        after.files = [*kept, bytearray()]
        return after

    def old(self) -> list[bytes]:
        """As the port says."""
        return [bytes(data) for data in self.files[:-1]]

    def append(self, data: bytes) -> None:
        """As the port says."""
        if self.full:
            raise OSError(28, "No space left on device")
        self.files[-1] += data

    def rotate(self) -> None:
        """As the port says."""
        if self.full:
            raise OSError(28, "No space left on device")
        if self.files[-1]:
            self.files.append(bytearray())

    def drop_old(self) -> None:
        """As the port says."""
        del self.files[:-1]

    def close(self) -> None:
        """As the port says."""
