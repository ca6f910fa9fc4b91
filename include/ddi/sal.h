/* SPDX-License-Identifier: MIT */
/*
 * Source annotations of Microsoft's analysers, as empty macros.
 *
 * Owns: the words that drivers written for the Vista and Windows 7 kits (__in, __out_bcount ...)
 * and for later kits (_In_, _Out_writes_bytes_ ...) decorate their parameters and members with.
 * None of them changes what is compiled.
 */
#ifndef DDI_SAL_H
#define DDI_SAL_H

/* ------------------------------------------------------------------ before SAL */

#define IN
#define OUT
#define OPTIONAL

/* ------------------------------------------------------------------ up to Windows 7
 *
 * All that those kits define, by the header that they have it in; and a few that drivers use besides. */

#include "sal/vista.h"
#include "sal/strings.h"
#include "sal/driver.h"

#define __inout_range(low, high)
#define __drv_nonBoolean
#define __drv_defineFunctionClass(value)

/* ------------------------------------------------------------------ Windows 8 and later kits */

#include "sal/later.h"

#define _In_
#define _In_opt_
#define _Out_
#define _Out_opt_
#define _Inout_
#define _Inout_opt_
#define _In_z_
#define _In_opt_z_
#define _Inout_z_
#define _Inout_opt_z_
#define _Out_z_
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_opt_result_maybenull_
#define _Outref_
#define _Deref_out_
#define _Reserved_
#define _Const_
#define _Null_terminated_
#define _NullNull_terminated_
#define _Notnull_
#define _Maybenull_
#define _Maybe_null_
#define _Valid_
#define _Notvalid_
#define _Ret_
#define _Ret_z_
#define _Ret_notnull_
#define _Ret_maybenull_
#define _Ret_null_
#define _Ret_valid_
#define _Ret_opt_
#define _Check_return_
#define _Check_return_opt_
#define _Must_inspect_result_
#define _Result_nullonfailure_
#define _Result_zeroonfailure_
#define _Use_decl_annotations_
#define _Points_to_data_
#define _Literal_
#define _Notliteral_
#define _Pre_valid_
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Pre_null_
#define _Pre_invalid_
#define _Pre_opt_valid_
#define _Pre_
#define _Post_
#define _Post_valid_
#define _Post_invalid_
#define _Post_notnull_
#define _Post_maybenull_
#define _Post_ptr_invalid_
#define _Post_z_
#define _Printf_format_string_
#define _Scanf_format_string_
#define _Field_z_
#define _IRQL_requires_same_
#define _IRQL_is_cancel_
#define _IRQL_uses_cancel_
#define _IRQL_saves_
#define _IRQL_restores_
#define _Interlocked_
#define _Interlocked_operand_
#define _Kernel_float_saved_
#define _Kernel_float_restored_
#define _Kernel_float_used_
#define _No_competing_thread_
#define _Has_no_lock_
#define _Analysis_noreturn_

#define _In_reads_(x)
#define _In_reads_opt_(x)
#define _In_reads_bytes_(x)
#define _In_reads_bytes_opt_(x)
#define _In_reads_z_(x)
#define _In_reads_opt_z_(x)
#define _In_reads_or_z_(x)
#define _Out_writes_(x)
#define _Out_writes_opt_(x)
#define _Out_writes_bytes_(x)
#define _Out_writes_bytes_opt_(x)
#define _Out_writes_all_(x)
#define _Out_writes_all_opt_(x)
#define _Out_writes_bytes_all_(x)
#define _Out_writes_bytes_all_opt_(x)
#define _Out_writes_z_(x)
#define _Out_writes_opt_z_(x)
#define _Inout_updates_(x)
#define _Inout_updates_opt_(x)
#define _Inout_updates_z_(x)
#define _Inout_updates_bytes_(x)
#define _Inout_updates_bytes_opt_(x)
#define _Inout_updates_all_(x)
#define _Inout_updates_bytes_all_(x)
#define _Outptr_result_buffer_(x)
#define _Outptr_result_bytebuffer_(x)
#define _Outptr_result_buffer_maybenull_(x)
#define _Outptr_result_bytebuffer_maybenull_(x)
#define _Ret_writes_(x)
#define _Ret_writes_bytes_(x)
#define _Ret_writes_maybenull_(x)
#define _Ret_writes_bytes_maybenull_(x)
#define _Field_size_(x)
#define _Field_size_opt_(x)
#define _Field_size_bytes_(x)
#define _Field_size_bytes_opt_(x)
#define _Field_size_full_(x)
#define _Field_size_bytes_full_(x)
#define _Struct_size_bytes_(x)
#define _Readable_bytes_(x)
#define _Readable_elements_(x)
#define _Writable_bytes_(x)
#define _Writable_elements_(x)
#define _Success_(x)
#define _On_failure_(x)
#define _Always_(x)
#define _Analysis_assume_(x)
#define _Return_type_success_(x)
#define _Pre_satisfies_(x)
#define _Post_satisfies_(x)
#define _Pre_readable_size_(x)
#define _Pre_readable_byte_size_(x)
#define _Pre_writable_size_(x)
#define _Pre_writable_byte_size_(x)
#define _Post_readable_size_(x)
#define _Post_readable_byte_size_(x)
#define _Post_writable_byte_size_(x)
#define _Post_equal_to_(x)
#define _Satisfies_(x)
#define _Strict_type_match_(x)
#define _IRQL_requires_(x)
#define _IRQL_requires_max_(x)
#define _IRQL_requires_min_(x)
#define _IRQL_raises_(x)
#define _IRQL_always_function_max_(x)
#define _IRQL_always_function_min_(x)
#define _Function_class_(x)
#define _Dispatch_type_(x)
#define _Acquires_lock_(x)
#define _Releases_lock_(x)
#define _Requires_lock_held_(x)
#define _Requires_lock_not_held_(x)
#define _Acquires_exclusive_lock_(x)
#define _Releases_exclusive_lock_(x)
#define _Acquires_shared_lock_(x)
#define _Releases_shared_lock_(x)
#define _Guarded_by_(x)
#define _Write_guarded_by_(x)
#define _Interlocked_guarded_(x)
#define _Kernel_entry_(x)
#define _Kernel_clear_do_init_(x)
#define _In_range_(first, second)
#define _Out_range_(first, second)
#define _Inout_range_(first, second)
#define _Ret_range_(first, second)
#define _Field_range_(first, second)
#define _Deref_in_range_(first, second)
#define _Deref_out_range_(first, second)
#define _Out_writes_to_(first, second)
#define _Out_writes_to_opt_(first, second)
#define _Out_writes_bytes_to_(first, second)
#define _Out_writes_bytes_to_opt_(first, second)
#define _Inout_updates_to_(first, second)
#define _Inout_updates_to_opt_(first, second)
#define _Inout_updates_bytes_to_(first, second)
#define _Inout_updates_bytes_to_opt_(first, second)
#define _Field_size_part_(first, second)
#define _Field_size_part_opt_(first, second)
#define _Field_size_bytes_part_(first, second)
#define _Field_size_bytes_part_opt_(first, second)
#define _Outptr_result_buffer_to_(first, second)
#define _Outptr_result_bytebuffer_to_(first, second)
#define _Ret_writes_to_(first, second)
#define _Ret_writes_bytes_to_(first, second)
#define _When_(first, second)
#define _At_(first, second)
#define _IRQL_saves_global_(first, second)
#define _IRQL_restores_global_(first, second)
#define _Kernel_requires_resource_held_(first, second)
#define _Group_(annotations)

#endif
