/**
 * The architectures that Tessera reads, in the order in which they are tried.
 *
 * A new one is a folder beside this file and a line here; docs/architectures.md shows how.
 */

import type { Architecture } from "./architecture.ts";
import { disp } from "./disp/disp.ts";
import { errn } from "./errn/errn.ts";
import { plksr } from "./plksr/plksr.ts";
import { rrdbNet } from "./rrdbnet/rrdbnet.ts";
import { span } from "./span/span.ts";
import { spanf } from "./spanf/spanf.ts";
import { spanv2 } from "./spanv2/spanv2.ts";
import { srResNetCompact } from "./srresnet_compact/srresnet_compact.ts";
import { srvggNetCompact } from "./srvgg_net_compact/srvgg_net_compact.ts";

/** Every architecture. */
export const ARCHITECTURES: readonly Architecture[] = [
  rrdbNet,
  srvggNetCompact,
  srResNetCompact,
  span,
  plksr,
  spanf,
  spanv2,
  disp,
  errn,
];
