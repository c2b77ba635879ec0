/** The shader texts of filling, apart from `sources.ts`: few pictures need them. */

import fillHead from "./shared/fill_head.wgsl" with { type: "text" };
import fillRefine from "./fill_refine.wgsl" with { type: "text" };
import fillSearch from "./fill_search.wgsl" with { type: "text" };
import fillVote from "./fill_vote.wgsl" with { type: "text" };

export { fillHead, fillRefine, fillSearch, fillVote };
