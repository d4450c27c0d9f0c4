int linnet_allocation_count(void);
