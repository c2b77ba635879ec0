/** The thread of libvips, which the engine's worker starts when a file is neither JPEG nor PNG. */

import "../src/pictures/vips/thread.ts";
