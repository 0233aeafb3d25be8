"""`python -m rehearsal.stock`: the whole rehearsal from Debian's stock image, with the same user data.

The image lacks what the user data asks for, so the gateway installs it as it boots, from a mirror on the "internet".
"""

import os
import sys

from rehearsal import __main__ as rehearsal
from rehearsal import image, mirror, places, progress, services, timeline

WANTED = "libreswan nftables"  # what gateway/files/boot installs
RECIPE = image.Recipe(
    folder=places.STOCK_IMAGE,
    # cloud-init grows the file system with the first; the gateway switches the second off.
    packages=(*image.DEBIAN, "e2fsprogs", "openssh-server"),
    # Its modules are Debian's own. A mark of the rehearsal, as the AWS end point is: this mirror signs nothing.
    files={"etc/apt/sources.list": f"deb [trusted=yes] {places.MIRROR_IN_VM} ./\n"},
    # What apt will want at boot is what it wants now, in the same root.
    first_hooks=(
        'chroot "$1" apt-get clean',
        f'chroot "$1" apt-get -qq install --download-only --no-install-recommends {WANTED}',
        f'mkdir "$1/../{mirror.FOLDER}"; mv "$1"/var/cache/apt/archives/*.deb "$1/../{mirror.FOLDER}/"',
    ),
    leaves=(mirror.FOLDER,),
)


def main() -> int:
    """The rehearsal's exit status."""
    if not services.has_data_plane():
        sys.exit("stock: without root and a data plane no machine is booted, so there is nothing to show")
    image.build(RECIPE)
    mirror.index(RECIPE.folder)
    os.environ[places.IMAGE_CHOICE] = RECIPE.folder.name
    packages = sorted(path.name for path in (RECIPE.folder / mirror.FOLDER).glob("*.deb"))
    progress.say(f"image {places.booted_image().relative_to(places.ROOT)}, {len(packages)} packages to install at boot")
    status = rehearsal.main(["run"])
    for walk in timeline.saved():
        if walk.boot_s:
            progress.say(f"from RunInstances to the gateway's first word: {walk.boot_s:.0f} s, downloads included")
    return status


if __name__ == "__main__":
    sys.exit(main())
