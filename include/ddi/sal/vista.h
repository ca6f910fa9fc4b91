/* SPDX-License-Identifier: MIT */
/* The annotations of parameters, results and members that the kits of Windows Vista and 7 have in <sal.h>.
 * As empty macros; see sal.h. */
#ifndef DDI_SAL_VISTA_H
#define DDI_SAL_VISTA_H

#define __analysis_assume(first)
#define __bcount(first)
#define __bcount_opt(first)
#define __blocksOn(first)
#define __byte_readableTo(first)
#define __byte_writableTo(first)
#define __callback
#define __checkReturn
#define __control_entrypoint(first)
#define __data_entrypoint(first)
#define __deref
#define __deref_bcount(first)
#define __deref_bcount_opt(first)
#define __deref_ecount(first)
#define __deref_ecount_opt(first)
#define __deref_inout
#define __deref_inout_bcount(first)
#define __deref_inout_bcount_full(first)
#define __deref_inout_bcount_full_opt(first)
#define __deref_inout_bcount_nz(first)
#define __deref_inout_bcount_nz_opt(first)
#define __deref_inout_bcount_opt(first)
#define __deref_inout_bcount_part(first, second)
#define __deref_inout_bcount_part_opt(first, second)
#define __deref_inout_bcount_z(first)
#define __deref_inout_bcount_z_opt(first)
#define __deref_inout_ecount(first)
#define __deref_inout_ecount_full(first)
#define __deref_inout_ecount_full_opt(first)
#define __deref_inout_ecount_nz(first)
#define __deref_inout_ecount_nz_opt(first)
#define __deref_inout_ecount_opt(first)
#define __deref_inout_ecount_part(first, second)
#define __deref_inout_ecount_part_opt(first, second)
#define __deref_inout_ecount_z(first)
#define __deref_inout_ecount_z_opt(first)
#define __deref_inout_nz
#define __deref_inout_nz_opt
#define __deref_inout_opt
#define __deref_inout_z
#define __deref_inout_z_opt
#define __deref_opt_bcount(first)
#define __deref_opt_bcount_opt(first)
#define __deref_opt_ecount(first)
#define __deref_opt_ecount_opt(first)
#define __deref_opt_inout
#define __deref_opt_inout_bcount(first)
#define __deref_opt_inout_bcount_full(first)
#define __deref_opt_inout_bcount_full_opt(first)
#define __deref_opt_inout_bcount_nz(first)
#define __deref_opt_inout_bcount_nz_opt(first)
#define __deref_opt_inout_bcount_opt(first)
#define __deref_opt_inout_bcount_part(first, second)
#define __deref_opt_inout_bcount_part_opt(first, second)
#define __deref_opt_inout_bcount_z(first)
#define __deref_opt_inout_bcount_z_opt(first)
#define __deref_opt_inout_ecount(first)
#define __deref_opt_inout_ecount_full(first)
#define __deref_opt_inout_ecount_full_opt(first)
#define __deref_opt_inout_ecount_nz(first)
#define __deref_opt_inout_ecount_nz_opt(first)
#define __deref_opt_inout_ecount_opt(first)
#define __deref_opt_inout_ecount_part(first, second)
#define __deref_opt_inout_ecount_part_opt(first, second)
#define __deref_opt_inout_ecount_z(first)
#define __deref_opt_inout_ecount_z_opt(first)
#define __deref_opt_inout_nz
#define __deref_opt_inout_nz_opt
#define __deref_opt_inout_opt
#define __deref_opt_inout_z
#define __deref_opt_inout_z_opt
#define __deref_opt_out
#define __deref_opt_out_bcount(first)
#define __deref_opt_out_bcount_full(first)
#define __deref_opt_out_bcount_full_opt(first)
#define __deref_opt_out_bcount_nz_opt(first)
#define __deref_opt_out_bcount_opt(first)
#define __deref_opt_out_bcount_part(first, second)
#define __deref_opt_out_bcount_part_opt(first, second)
#define __deref_opt_out_bcount_z_opt(first)
#define __deref_opt_out_ecount(first)
#define __deref_opt_out_ecount_full(first)
#define __deref_opt_out_ecount_full_opt(first)
#define __deref_opt_out_ecount_nz_opt(first)
#define __deref_opt_out_ecount_opt(first)
#define __deref_opt_out_ecount_part(first, second)
#define __deref_opt_out_ecount_part_opt(first, second)
#define __deref_opt_out_ecount_z_opt(first)
#define __deref_opt_out_nz_opt
#define __deref_opt_out_opt
#define __deref_opt_out_z
#define __deref_opt_out_z_opt
#define __deref_out
#define __deref_out_bcount(first)
#define __deref_out_bcount_full(first)
#define __deref_out_bcount_full_opt(first)
#define __deref_out_bcount_nz(first)
#define __deref_out_bcount_nz_opt(first)
#define __deref_out_bcount_opt(first)
#define __deref_out_bcount_part(first, second)
#define __deref_out_bcount_part_opt(first, second)
#define __deref_out_bcount_z(first)
#define __deref_out_bcount_z_opt(first)
#define __deref_out_ecount(first)
#define __deref_out_ecount_full(first)
#define __deref_out_ecount_full_opt(first)
#define __deref_out_ecount_nz(first)
#define __deref_out_ecount_nz_opt(first)
#define __deref_out_ecount_opt(first)
#define __deref_out_ecount_part(first, second)
#define __deref_out_ecount_part_opt(first, second)
#define __deref_out_ecount_z(first)
#define __deref_out_ecount_z_opt(first)
#define __deref_out_nz
#define __deref_out_nz_opt
#define __deref_out_opt
#define __deref_out_z
#define __deref_out_z_opt
#define __ecount(first)
#define __ecount_opt(first)
#define __elem_readableTo(first)
#define __elem_writableTo(first)
#define __exceptthat
#define __execeptthat
#define __fallthrough
#define __format_string
#define __in
#define __in_bcount(first)
#define __in_bcount_nz(first)
#define __in_bcount_nz_opt(first)
#define __in_bcount_opt(first)
#define __in_bcount_z(first)
#define __in_bcount_z_opt(first)
#define __in_ecount(first)
#define __in_ecount_nz(first)
#define __in_ecount_nz_opt(first)
#define __in_ecount_opt(first)
#define __in_ecount_z(first)
#define __in_ecount_z_opt(first)
#define __in_nz
#define __in_nz_opt
#define __in_opt
#define __in_z
#define __in_z_opt
#define __inner_blocksOn(first)
#define __inner_callback
#define __inner_checkReturn
#define __inner_control_entrypoint(first)
#define __inner_data_entrypoint(first)
#define __inner_fallthrough
#define __inner_fallthrough_dec
#define __inner_override
#define __inner_success(first)
#define __inner_typefix(first)
#define __inout
#define __inout_bcount(first)
#define __inout_bcount_full(first)
#define __inout_bcount_full_opt(first)
#define __inout_bcount_nz(first)
#define __inout_bcount_nz_opt(first)
#define __inout_bcount_opt(first)
#define __inout_bcount_part(first, second)
#define __inout_bcount_part_opt(first, second)
#define __inout_bcount_z(first)
#define __inout_bcount_z_opt(first)
#define __inout_ecount(first)
#define __inout_ecount_full(first)
#define __inout_ecount_full_opt(first)
#define __inout_ecount_nz(first)
#define __inout_ecount_nz_opt(first)
#define __inout_ecount_opt(first)
#define __inout_ecount_part(first, second)
#define __inout_ecount_part_opt(first, second)
#define __inout_ecount_z(first)
#define __inout_ecount_z_opt(first)
#define __inout_nz
#define __inout_nz_opt
#define __inout_opt
#define __inout_z
#define __inout_z_opt
#define __maybenull
#define __maybereadonly
#define __maybevalid
#define __nothrow
#define __notnull
#define __notreadonly
#define __notvalid
#define __null
#define __nullnullterminated
#define __nullterminated
#define __out
#define __out_bcount(first)
#define __out_bcount_full(first)
#define __out_bcount_full_opt(first)
#define __out_bcount_full_z(first)
#define __out_bcount_full_z_opt(first)
#define __out_bcount_nz(first)
#define __out_bcount_nz_opt(first)
#define __out_bcount_opt(first)
#define __out_bcount_part(first, second)
#define __out_bcount_part_opt(first, second)
#define __out_bcount_part_z(first, second)
#define __out_bcount_part_z_opt(first, second)
#define __out_bcount_z(first)
#define __out_bcount_z_opt(first)
#define __out_ecount(first)
#define __out_ecount_full(first)
#define __out_ecount_full_opt(first)
#define __out_ecount_full_z(first)
#define __out_ecount_full_z_opt(first)
#define __out_ecount_nz(first)
#define __out_ecount_nz_opt(first)
#define __out_ecount_opt(first)
#define __out_ecount_part(first, second)
#define __out_ecount_part_opt(first, second)
#define __out_ecount_part_z(first, second)
#define __out_ecount_part_z_opt(first, second)
#define __out_ecount_z(first)
#define __out_ecount_z_opt(first)
#define __out_nz
#define __out_nz_opt
#define __out_opt
#define __out_z
#define __out_z_opt
#define __override
#define __post
#define __postcond(first)
#define __pre
#define __precond(first)
#define __readableTo(first)
#define __readonly
#define __refparam
#define __reserved
#define __specstrings
#define __success(first)
#define __typefix(first)
#define __valid
#define __writableTo(first)

#endif
