/* SPDX-License-Identifier: MIT */
/* What the kits of Windows Vista and 7 have in <specstrings.h> beyond <sal.h>: longer forms of the same words.
 * As empty macros; see sal.h. */
#ifndef DDI_SAL_STRINGS_H
#define DDI_SAL_STRINGS_H

#define __allocator
#define __analysis_assert(first)
#define __analysis_assume_nullterminated(first)
#define __analysis_hint(first)
#define __analysis_noreturn
#define __assume_bound(first)
#define __assume_validated(first)
#define __bound
#define __class_code_content(first)
#define __deallocate(first)
#define __deallocate_opt(first)
#define __deref_in
#define __deref_in_bcount(first)
#define __deref_in_bcount_opt(first)
#define __deref_in_ecount(first)
#define __deref_in_ecount_opt(first)
#define __deref_in_opt
#define __deref_in_opt_out
#define __deref_in_range(first, second)
#define __deref_in_xcount(first)
#define __deref_in_xcount_opt(first)
#define __deref_inout_range(first, second)
#define __deref_inout_xcount(first)
#define __deref_inout_xcount_full(first)
#define __deref_inout_xcount_full_opt(first)
#define __deref_inout_xcount_opt(first)
#define __deref_inout_xcount_part(first, second)
#define __deref_inout_xcount_part_opt(first, second)
#define __deref_nonvolatile
#define __deref_opt_in
#define __deref_opt_in_bcount(first)
#define __deref_opt_in_bcount_opt(first)
#define __deref_opt_in_ecount(first)
#define __deref_opt_in_ecount_opt(first)
#define __deref_opt_in_opt
#define __deref_opt_in_xcount(first)
#define __deref_opt_in_xcount_opt(first)
#define __deref_opt_inout_xcount(first)
#define __deref_opt_inout_xcount_full(first)
#define __deref_opt_inout_xcount_full_opt(first)
#define __deref_opt_inout_xcount_opt(first)
#define __deref_opt_inout_xcount_part(first, second)
#define __deref_opt_inout_xcount_part_opt(first, second)
#define __deref_opt_out_xcount(first)
#define __deref_opt_out_xcount_full(first)
#define __deref_opt_out_xcount_full_opt(first)
#define __deref_opt_out_xcount_opt(first)
#define __deref_opt_out_xcount_part(first, second)
#define __deref_opt_out_xcount_part_opt(first, second)
#define __deref_opt_xcount(first)
#define __deref_opt_xcount_opt(first)
#define __deref_out_bound
#define __deref_out_range(first, second)
#define __deref_out_xcount(first)
#define __deref_out_xcount_full(first)
#define __deref_out_xcount_full_opt(first)
#define __deref_out_xcount_opt(first)
#define __deref_out_xcount_part(first, second)
#define __deref_out_xcount_part_opt(first, second)
#define __deref_volatile
#define __deref_xcount(first)
#define __deref_xcount_opt(first)
#define __encoded_array
#define __encoded_pointer
#define __field_bcount(first)
#define __field_bcount_full(first)
#define __field_bcount_full_opt(first)
#define __field_bcount_opt(first)
#define __field_bcount_part(first, second)
#define __field_bcount_part_opt(first, second)
#define __field_data_source(first)
#define __field_ecount(first)
#define __field_ecount_full(first)
#define __field_ecount_full_opt(first)
#define __field_ecount_opt(first)
#define __field_ecount_part(first, second)
#define __field_ecount_part_opt(first, second)
#define __field_encoded_array
#define __field_encoded_pointer
#define __field_nullterminated
#define __field_range(first, second)
#define __field_xcount(first)
#define __field_xcount_full(first)
#define __field_xcount_full_opt(first)
#define __field_xcount_opt(first)
#define __field_xcount_part(first, second)
#define __field_xcount_part_opt(first, second)
#define __file_parser(first)
#define __file_parser_class(first)
#define __file_parser_library(first)
#define __gdi_entry
#define __in_awcount(first, second)
#define __in_bound
#define __in_data_source(first)
#define __in_range(first, second)
#define __in_xcount(first)
#define __in_xcount_opt(first)
#define __inexpressible_readableTo(first)
#define __inexpressible_writableTo(first)
#define __inner_adt_add_prop(first, second)
#define __inner_adt_prop(first, second)
#define __inner_adt_remove_prop(first, second)
#define __inner_adt_transfer_prop(first)
#define __inner_adt_type_props(first)
#define __inner_allocator
#define __inner_analysis_assume_nullterminated(first)
#define __inner_analysis_assume_nullterminated_dec
#define __inner_assume_bound(first)
#define __inner_assume_bound_dec
#define __inner_assume_validated(first)
#define __inner_assume_validated_dec
#define __inner_bound
#define __inner_data_source(first)
#define __inner_encoded
#define __inner_nonvolatile
#define __inner_out_validated(first)
#define __inner_possibly_notnullterminated
#define __inner_range(first, second)
#define __inner_this_data_source(first)
#define __inner_this_out_validated(first)
#define __inner_transfer(first)
#define __inner_volatile
#define __inout_xcount(first)
#define __inout_xcount_full(first)
#define __inout_xcount_full_opt(first)
#define __inout_xcount_opt(first)
#define __inout_xcount_part(first, second)
#define __inout_xcount_part_opt(first, second)
#define __kernel_entry
#define __nonvolatile
#define __out_awcount(first, second)
#define __out_bound
#define __out_data_source(first)
#define __out_has_adt_prop(first, second)
#define __out_has_type_adt_props(first)
#define __out_not_has_adt_prop(first, second)
#define __out_range(first, second)
#define __out_transfer_adt_prop(first)
#define __out_validated(first)
#define __out_xcount(first)
#define __out_xcount_full(first)
#define __out_xcount_full_opt(first)
#define __out_xcount_opt(first)
#define __out_xcount_part(first, second)
#define __out_xcount_part_opt(first, second)
#define __possibly_notnullterminated
#define __post_invalid
#define __range(first, second)
#define __range_max(first, second)
#define __range_min(first, second)
#define __rpc_entry
#define __source_code_content(first)
#define __struct_bcount(first)
#define __struct_xcount(first)
#define __this_out_data_source(first)
#define __this_out_validated(first)
#define __transfer(first)
#define __type_has_adt_prop(first, second)
#define __volatile
#define __xcount(first)
#define __xcount_opt(first)

#endif
