import sys

from guanxi.surfaces.cli.main import main

sys.exit(main(sys.argv[1:]))
