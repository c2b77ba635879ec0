/** The thread that libvips works in, as a module of its own: `src/platform/web.ts` starts it by this name. */

import "../src/pictures/vips/thread.ts";
